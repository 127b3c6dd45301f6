;; no-entry-point: a main actor exports _start, and this module does not
(module (func (export "main")))
