;; wrong-signature: import tessera.clock_now: expected (i64) -> i64, found (i64) -> (f64, i32)
(module (import "tessera" "clock_now" (func (param i64) (result f64 i32))) (func (export "_start")))
