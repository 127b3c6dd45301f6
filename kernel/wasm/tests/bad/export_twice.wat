;; malformed-module: duplicate export name `_start` already defined at offset 30
(module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
  "\07\13\02\06_start\00\00\06_start\00\00" "\0a\04\01\02\00\0b")
