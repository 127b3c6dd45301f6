;; Sieve of Eratosthenes and a linear congruence: integers and memory.
(module (memory (export "memory") 1)
    (func (export "handle") (export "_start") (local $i i32) (local $j i32) (local $x i32)
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))
        (local.set $i (i32.const 2))
        (loop $outer
            (if (i32.load8_u (local.get $i)) (then
                (local.set $j (i32.shl (local.get $i) (i32.const 1)))
                (block $done (loop $inner
                    (br_if $done (i32.ge_u (local.get $j) (i32.const 65536)))
                    (i32.store8 (local.get $j) (i32.const 0))
                    (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (local.get $j)))
                    (local.set $j (i32.add (local.get $j) (local.get $i)))
                    (br $inner)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $outer (i32.lt_u (local.get $i) (i32.const 65536))))
        (i32.store (i32.const 0) (local.get $x))))
