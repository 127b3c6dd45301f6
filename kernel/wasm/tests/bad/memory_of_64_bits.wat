;; other: a 64-bit memory; addresses of host calls are 32 bits wide
(module (memory (export "memory") i64 1) (func (export "_start")))
