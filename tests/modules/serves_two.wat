;; Takes two calls through slot 0 and counts to thirty thousand, answers the second and counts to twenty thousand,
;; answers the first, counts to ten thousand and returns.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func $count (param $left i32)
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left))))
  (func (export "_start")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)))
    (drop (call $recv (i64.const 0x100000000) (i32.const 256) (i64.const -1)))
    (call $count (i32.const 30000))
    (drop (call $reply (i64.load (i32.const 304)) (i32.const 256)))
    (call $count (i32.const 20000))
    (drop (call $reply (i64.load (i32.const 48)) (i32.const 0)))
    (call $count (i32.const 10000))))
