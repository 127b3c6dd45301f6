;; wrong-signature: import tessera.exit: expected (i32) -> i64, found () -> i64
(module (import "tessera" "exit" (func (result i64))) (func (export "_start")))
