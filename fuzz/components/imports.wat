(component
  (import "kinode:process/standard@1.0.0" (instance $host
    (export "clear-state" (func))
    (export "set-state" (func (param "bytes" (list u8))))
    (export "get-state" (func (result (option (list u8)))))))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $libc (instantiate $libc))
  (core func $clear (canon lower (func $host "clear-state")))
  (core func $set (canon lower (func $host "set-state") (memory (core memory $libc "memory"))))
  (core func $get (canon lower (func $host "get-state") (memory (core memory $libc "memory"))
    (realloc (core func $libc "realloc"))))
  (core module $m
    (import "host" "clear" (func $clear))
    (import "host" "set" (func $set (param i32 i32)))
    (import "host" "get" (func $get (param i32)))
    (table 2 funcref)
    (global $calls (mut i32) (i32.const 0))
    (func (export "init") (param i32 i32)
      (block $enough
        (loop $again
          (br_if $enough (i32.gt_u (global.get $calls) (i32.const 3)))
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (call $set (local.get 0) (local.get 1))
          (call $get (i32.const 64))
          (br $again)))
      (call $clear)))
  (core instance $m (instantiate $m (with "host" (instance
    (export "clear" (func $clear)) (export "set" (func $set)) (export "get" (func $get))))))
  (func (export "init") (param "our" string)
    (canon lift (core func $m "init") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))
