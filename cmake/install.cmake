# What is installed: the program (component "program"), the library with its headers, and what find_package(odot) and
# pkg-config read (component "library").
install(TARGETS odot COMPONENT program)
install(FILES LICENSE TYPE DOC COMPONENT program)
if(NOT CMAKE_CROSSCOMPILING)
  install(DIRECTORY ${odot_share}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
  install(FILES ${odot_share}/bash/odot DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    COMPONENT program)
  install(FILES ${odot_share}/zsh/_odot DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT program)
endif()

install(TARGETS libodot EXPORT odotTargets COMPONENT library)
install(DIRECTORY include/odot ${PROJECT_BINARY_DIR}/include/odot TYPE INCLUDE COMPONENT library)

include(CMakePackageConfigHelpers)
set(odot_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/odot)
install(EXPORT odotTargets NAMESPACE odot:: DESTINATION ${odot_package_dir} COMPONENT library)
configure_package_config_file(cmake/odotConfig.cmake.in odotConfig.cmake INSTALL_DESTINATION ${odot_package_dir})
write_basic_package_version_file(odotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/odotConfig.cmake ${PROJECT_BINARY_DIR}/odotConfigVersion.cmake
  DESTINATION ${odot_package_dir} COMPONENT library)

# For pkg-config. Where the library is shared, programs need nothing of what it links to itself.
set(odot_pc_requires "")
set(odot_pc_libs "")
if(NOT BUILD_SHARED_LIBS)
  set(odot_pc_requires "fmt libhwy libzstd zlib")
  set(odot_pc_libs "${OpenMP_CXX_FLAGS}")
endif()
set(odot_pc_double "")
if(ODOT_DOUBLE)
  set(odot_pc_double " -DODOT_DOUBLE")
endif()
# The folder of odot.pc tells where everything is, wherever the installation was moved to.
file(RELATIVE_PATH odot_pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE odot_pc_include)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} OUTPUT_VARIABLE odot_pc_lib)
configure_file(cmake/odot.pc.in odot.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/odot.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
