;; Calls an element that is null.
(module
  (memory (export "memory") 1)
  (type $plain (func))
  (table 2 funcref)
  (func (export "_start")
    (call_indirect (type $plain) (i32.const 1))
  ))
