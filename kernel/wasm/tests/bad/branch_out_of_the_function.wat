;; malformed-module: function 0: unknown label: branch depth too large at offset 35
(module (func (export "_start") (br 7)))
