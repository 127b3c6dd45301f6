;; malformed-module: no module of Wasm version 1: it begins with [00, 61, 73, 6d, 0d, 00, 01, 00]
(module binary "\00asm\0d\00\01\00")
