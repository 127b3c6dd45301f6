;; malformed-module: section 10 at offset 10 claims 4294967295 elements in 5 bytes
(module binary "\00asm\01\00\00\00" "\0a\05\ff\ff\ff\ff\0f")
