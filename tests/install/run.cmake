# Installs a build of odot into a fresh folder, then builds and runs the project beside this file against it.
# Variables: BUILD_DIR, WORK_DIR (emptied first), GENERATOR, BUILD_TYPE, CXX_COMPILER, CXX_FLAGS.
file(REMOVE_RECURSE "${WORK_DIR}")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(prefix "${WORK_DIR}/prefix")
run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --config "${BUILD_TYPE}" --prefix "${prefix}")
run("${prefix}/bin/odot" --help)
# The consumer is compiled as the library was: sanitizers and the standard library's assertions must agree.
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK_DIR}/consumer" -G "${GENERATOR}"
  "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}"
  "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/consumer" --config "${BUILD_TYPE}")
run("${WORK_DIR}/consumer/consumer" "${WORK_DIR}")
