;; Imports a call by a signature that it does not have.
(module
  (import "tessera" "exit" (func (param i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")))
