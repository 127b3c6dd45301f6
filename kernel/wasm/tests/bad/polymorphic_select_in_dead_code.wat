;; malformed-module: not supported by the engine: logical operand width mismatch
;; A valid module that tinywasm 0.11.0 refuses (it looks below the block for the operands of the
;; select). When a later version takes it, this file goes and the decision record changes.
(module (func (export "_start")
  (i64.const 0) (block (unreachable) (i32.const 1) (select) (i32.eqz) (drop)) (drop)))
