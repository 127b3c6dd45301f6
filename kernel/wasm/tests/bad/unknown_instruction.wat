;; malformed-module: function 0: illegal opcode: 0xff at offset 23
(module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00" "\0a\05\01\03\00\ff\0b")
