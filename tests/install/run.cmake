# Installs a build of odot into a fresh folder, then builds and runs the project beside this file against it.
# Variables: BUILD_DIR, WORK_DIR (emptied first), GENERATOR, BUILD_TYPE, CXX_COMPILER, CXX_FLAGS.
file(REMOVE_RECURSE "${WORK_DIR}")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(prefix "${WORK_DIR}/prefix")
run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --config "${BUILD_TYPE}" --prefix "${prefix}")
run("${prefix}/bin/odot" --help)
# What shells find: pages and completion of the installed program.
foreach(made "man;train|share/man/man1/odot-train.1" "man|share/man/man1/odot.1"
    "completion;bash|share/bash-completion/completions/odot" "completion;zsh|share/zsh/site-functions/_odot")
  string(REPLACE "|" ";" words "${made}")
  list(POP_BACK words file)
  execute_process(COMMAND "${prefix}/bin/odot" ${words} OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
  file(READ "${prefix}/${file}" installed)
  if(NOT installed STREQUAL printed)
    message(FATAL_ERROR "${file} is not what odot prints")
  endif()
endforeach()
# The consumer is compiled as the library was: sanitizers and the standard library's assertions must agree.
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK_DIR}/consumer" -G "${GENERATOR}"
  "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}"
  "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/consumer" --config "${BUILD_TYPE}")
run("${WORK_DIR}/consumer/consumer" "${WORK_DIR}")
