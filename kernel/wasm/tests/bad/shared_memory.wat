;; malformed-module: threads must be enabled for shared memories at offset 21
(module (memory (export "memory") 1 1 shared) (func (export "_start")))
