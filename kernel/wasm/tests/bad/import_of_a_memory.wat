;; unknown-import: import tessera.memory: a memory, where only host calls can be imported
(module (import "tessera" "memory" (memory 1)) (func (export "_start")))
