;; malformed-module: unexpected end-of-file at offset 0
(module binary "")
