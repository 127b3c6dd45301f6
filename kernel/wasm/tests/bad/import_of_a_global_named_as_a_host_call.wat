;; unknown-import: import tessera.exit: a global, where only host calls can be imported
(module (import "tessera" "exit" (global i64)) (func (export "_start")))
