;; An endless loop at which the flawed engine panics: see tests/scenarios/src/flawed.rs.
(module
  (@custom "flaw" "midway")
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again (br $again))
  ))
