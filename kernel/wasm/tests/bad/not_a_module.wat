;; malformed-module: no module of Wasm version 1: it begins with [7f, 45, 4c, 46, 02, 01, 01, 00]
(module binary "\7fELF\02\01\01\00")
