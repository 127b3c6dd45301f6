;; table-over-maximum: tables start with 1200 elements; the maximum is 1000
(module (table 600 funcref) (table 600 externref) (func (export "_start")))
