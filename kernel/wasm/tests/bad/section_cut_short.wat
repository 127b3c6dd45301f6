;; malformed-module: unexpected end-of-file at offset 10
(module binary "\00asm\01\00\00\00" "\01\08\01\60\00\00")
