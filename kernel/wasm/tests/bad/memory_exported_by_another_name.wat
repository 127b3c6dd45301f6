;; other: its memory is not exported as memory, so host calls cannot reach it
(module (memory (export "mem") 1) (func (export "_start") (drop (i32.load (i32.const 0)))))
