# The Rust crate engine/, built by cargo in a folder outside the checkout: Wasmtime compiles once.
find_program(CARGO NAMES cargo REQUIRED)
set(KINODE_ENGINE_TARGET ${KINODE_CACHE}/engine)
set(KINODE_ENGINE_LIBRARY ${CMAKE_BINARY_DIR}/engine/libkinode_engine.a)
file(GLOB_RECURSE engine_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/engine/src/*.rs)
add_custom_command(
  OUTPUT ${KINODE_ENGINE_LIBRARY}
  COMMAND ${CMAKE_COMMAND} -E env CARGO_TARGET_DIR=${KINODE_ENGINE_TARGET}
          ${CARGO} build --release --locked --lib --manifest-path ${CMAKE_SOURCE_DIR}/engine/Cargo.toml
  COMMAND ${CMAKE_COMMAND} -E copy ${KINODE_ENGINE_TARGET}/release/libkinode_engine.a ${KINODE_ENGINE_LIBRARY}
  DEPENDS ${engine_sources} ${CMAKE_SOURCE_DIR}/engine/Cargo.toml ${CMAKE_SOURCE_DIR}/engine/Cargo.lock
          ${CMAKE_SOURCE_DIR}/wit/kinode.wit
  COMMENT "Building the Wasm engine (minutes, the first time)"
  USES_TERMINAL VERBATIM)
add_custom_target(engine_library DEPENDS ${KINODE_ENGINE_LIBRARY})
add_library(kinode_engine STATIC IMPORTED GLOBAL)
set_target_properties(kinode_engine PROPERTIES IMPORTED_LOCATION ${KINODE_ENGINE_LIBRARY})
target_include_directories(kinode_engine INTERFACE ${CMAKE_SOURCE_DIR}/engine/include)
target_link_libraries(kinode_engine INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
add_dependencies(kinode_engine engine_library)
