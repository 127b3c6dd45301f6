;; no-entry-point: export _start: expected (), found (i32)
(module (func (export "_start") (param i32)))
