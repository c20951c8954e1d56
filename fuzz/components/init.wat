(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "init") (param i32 i32)))
  (core instance $m (instantiate $m))
  (func (export "init") (param "our" string)
    (canon lift (core func $m "init") (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
