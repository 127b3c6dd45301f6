;; malformed-module: no module of Wasm version 1: it begins with [00, 61, 73, 6d, 02, 00, 00, 00]
(module binary "\00asm\02\00\00\00")
