;; no-entry-point: export _start: expected a function
(module (global (export "_start") i32 (i32.const 0)))
