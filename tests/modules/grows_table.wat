;; Grows its table until that is refused, then lets itself be refused a few times more.
(module
  (memory (export "memory") 1)
  (table $table 1 funcref)
  (func (export "_start")
    (local $refused i32)
    (loop $again
      (if (i32.lt_s (table.grow $table (ref.null func) (i32.const 64)) (i32.const 0))
        (then (local.set $refused (i32.add (local.get $refused) (i32.const 1)))))
      (br_if $again (i32.lt_u (local.get $refused) (i32.const 10))))))
