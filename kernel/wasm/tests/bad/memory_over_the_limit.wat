;; memory-over-maximum: memory starts with 1114112 bytes; the maximum is 1048576
(module (memory (export "memory") 17) (func (export "_start")))
