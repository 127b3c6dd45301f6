;; A handler that returns and leaves its message where it is.
(module
  (memory (export "memory") 1)
  (func (export "handle")))
