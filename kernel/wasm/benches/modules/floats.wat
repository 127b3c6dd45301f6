;; The Mandelbrot iteration over a grid: doubles and branches.
(module (memory (export "memory") 1)
    (func $point (param $cx f64) (param $cy f64) (result i32) (local $x f64) (local $y f64) (local $t f64) (local $n i32)
        (block $out (loop $again
            (br_if $out (i32.ge_u (local.get $n) (i32.const 100)))
            (br_if $out (f64.gt (f64.add (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y))) (f64.const 4)))
            (local.set $t (f64.add (f64.sub (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y))) (local.get $cx)))
            (local.set $y (f64.add (f64.mul (f64.const 2) (f64.mul (local.get $x) (local.get $y))) (local.get $cy)))
            (local.set $x (local.get $t))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br $again)))
        (local.get $n))
    (func (export "handle") (export "_start") (local $i i32) (local $sum i32)
        (loop $next
            (local.set $sum (i32.add (local.get $sum) (call $point
                (f64.sub (f64.div (f64.convert_i32_u (i32.and (local.get $i) (i32.const 63))) (f64.const 21)) (f64.const 2))
                (f64.sub (f64.div (f64.convert_i32_u (i32.shr_u (local.get $i) (i32.const 6))) (f64.const 32)) (f64.const 1)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 4096))))
        (i32.store (i32.const 0) (local.get $sum))))
