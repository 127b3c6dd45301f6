;; Imports a call that does not exist.
(module
  (import "tessera" "format_disk" (func (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")))
