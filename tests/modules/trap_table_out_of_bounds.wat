;; Calls an element past the table.
(module
  (memory (export "memory") 1)
  (type $plain (func))
  (table 2 funcref)
  (func (export "_start")
    (call_indirect (type $plain) (i32.const 9))
  ))
