;; malformed-module: function 0: unknown function 9: function index out of bounds at offset 35
(module (func (export "_start") (call 9)))
