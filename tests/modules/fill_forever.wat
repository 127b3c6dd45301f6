;; Fills a mebibyte of memory for ever: long stretches without a safe point.
(module
  (memory (export "memory") 16)
  (func (export "_start")
    (loop $again
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576))
      (br $again))
  ))
