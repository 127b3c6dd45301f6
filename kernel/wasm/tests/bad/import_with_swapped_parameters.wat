;; wrong-signature: import tessera.send: expected (i64, i32, i64) -> i64, found (i32, i64, i64) -> i64
(module (import "tessera" "send" (func (param i32 i64 i64) (result i64))) (func (export "_start")))
