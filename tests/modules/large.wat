;; Has sixteen mebibytes of memory from the start, so that making its instance takes long.
(module
  (memory (export "memory") 256)
  (func (export "_start")))
