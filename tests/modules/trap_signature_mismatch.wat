;; Calls a function by another signature.
(module
  (memory (export "memory") 1)
  (type $other (func (result i64)))
  (table 1 funcref)
  (elem (i32.const 0) $plain)
  (func $plain)
  (func (export "_start")
    (drop (call_indirect (type $other) (i32.const 0)))
  ))
