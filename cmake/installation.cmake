# `cmake --install`: the program, the libraries with their headers, and a package that an outside project finds:
# find_package(foldlog), then foldlog::application (test/install proves it).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(folders GLOBAL PROPERTY foldlog_targets)
install(TARGETS ${folders} EXPORT foldlog_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/foldlog)
install(TARGETS foldlog EXPORT foldlog_targets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/foldlog)
install(EXPORT foldlog_targets NAMESPACE foldlog:: DESTINATION ${package})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/foldlog-config.cmake.in ${PROJECT_BINARY_DIR}/foldlog-config.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/foldlog-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/foldlog-config.cmake ${PROJECT_BINARY_DIR}/foldlog-config-version.cmake
  ${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake ${CMAKE_CURRENT_LIST_DIR}/embed_schemas.cmake ${CMAKE_CURRENT_LIST_DIR}/text_literal.cmake
  DESTINATION ${package})
