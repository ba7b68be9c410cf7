# What `cmake --install` puts where, and the Debian packages that `cpack -G DEB` makes of it:
#   fovea           the programs, their man pages and completions, network texts, demonstration and experiments
#   fovea-mpi       the shared object that training by several processes opens; brings Open MPI
#   libfovea-dev    libfovea.a, its headers, and what pkg-config and CMake need to find them
set(FOVEA_SHARE ${CMAKE_INSTALL_DATADIR}/fovea)
set(FOVEA_PACKAGING ${CMAKE_SOURCE_DIR}/share/packaging)

# gzip without a name and a time in it: equal sources give equal packages.
find_program(FOVEA_GZIP gzip REQUIRED)
function(fovea_compress source result)
  add_custom_command(OUTPUT ${result} COMMAND ${FOVEA_GZIP} -9nc ${source} > ${result} DEPENDS ${source} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY FOVEA_COMPRESSED ${result})
endfunction()

# tools
install(TARGETS ${FOVEA_TOOLS} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
install(DIRECTORY share/models share/experiments share/demo share/slurm DESTINATION ${FOVEA_SHARE} COMPONENT tools USE_SOURCE_PERMISSIONS)
install(FILES share/fovea.mk DESTINATION ${FOVEA_SHARE} COMPONENT tools)
install(DIRECTORY share/doc/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/fovea/tutorial COMPONENT tools)
install(DIRECTORY completions/bash/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tools)
install(DIRECTORY completions/zsh/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT tools)
install(DIRECTORY completions/fish/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tools)
file(GLOB FOVEA_MAN CONFIGURE_DEPENDS man/*.[157])
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man)
foreach(page IN LISTS FOVEA_MAN)
  get_filename_component(name ${page} NAME)
  string(REGEX REPLACE ".*\\." "" section ${name})
  fovea_compress(${page} ${CMAKE_BINARY_DIR}/man/${name}.gz)
  install(FILES ${CMAKE_BINARY_DIR}/man/${name}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT tools)
endforeach()

# MPI, apart from the tools because of what it brings with it
if(TARGET fovea_mpi)
  install(TARGETS fovea_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/fovea COMPONENT mpi)
endif()

# library: its headers name each other as "room/file.h", so their folder goes onto the include path
install(TARGETS fovea ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(DIRECTORY lib/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fovea COMPONENT library FILES_MATCHING PATTERN "*.h")
file(RELATIVE_PATH FOVEA_PREFIX_FROM_PC /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(${FOVEA_PACKAGING}/fovea.pc.in ${CMAKE_BINARY_DIR}/fovea.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/fovea.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/fovea-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${FOVEA_PACKAGING}/fovea-config.cmake ${CMAKE_BINARY_DIR}/fovea-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/fovea COMPONENT library)

# Debian
set(CPACK_PACKAGE_NAME fovea)
set(CPACK_PACKAGE_CONTACT "Fovea developers <fovea@example.org>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL tools library)
if(TARGET fovea_mpi)
  list(APPEND CPACK_COMPONENTS_ALL mpi)
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME fovea)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "make, fovea-mpi")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "image networks on ordinary CPUs, from the shell
Six programs for five landmark systems of deep vision, which pass HDF5 files
to each other: bn-train (Batch Normalization), rcnn-propose and rcnn-detect
(R-CNN), caption-attend (Show, Attend and Tell), advgen-train (Generative
Adversarial Trainer) and pose-estimate (part detector and graphical model).")
set(CPACK_DEBIAN_MPI_PACKAGE_NAME fovea-mpi)
set(CPACK_DEBIAN_MPI_PACKAGE_SECTION science)
set(CPACK_DEBIAN_MPI_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "fovea (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_MPI_PACKAGE_RECOMMENDS "openmpi-bin")
set(CPACK_COMPONENT_MPI_DESCRIPTION "image networks on ordinary CPUs, training by several processes
What the programs of the package fovea open when mpirun or srun starts one of
them as several processes, which then share the batches of a training.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libfovea-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "libfmt-dev, libspdlog-dev, nlohmann-json3-dev, libhdf5-dev, libpugixml-dev, zlib1g-dev, libxxhash-dev, \
libdnnl-dev, libopenblas-openmp-dev, libopencv-core-dev, libopencv-imgproc-dev, libturbojpeg0-dev, libpng-dev")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "image networks on ordinary CPUs, the library
The static library that the programs of the package fovea are made of:
tensors, differentiable operations, networks, data sets and their files,
evaluation, and the five systems.")
# Further arguments: lines of lintian overrides.
function(fovea_document name component)
  set(documents ${CMAKE_INSTALL_DATADIR}/doc/${name})
  install(FILES ${FOVEA_PACKAGING}/copyright ${CMAKE_BINARY_DIR}/changelog.Debian.gz DESTINATION ${documents} COMPONENT ${component})
  file(WRITE ${CMAKE_BINARY_DIR}/lintian/${name}
       "# Not made for upload to Debian.\n${name}: initial-upload-closes-no-bugs [usr/share/doc/${name}/changelog.Debian.gz:1]\n")
  foreach(override IN LISTS ARGN)
    file(APPEND ${CMAKE_BINARY_DIR}/lintian/${name} "${override}\n")
  endforeach()
  install(FILES ${CMAKE_BINARY_DIR}/lintian/${name} DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT ${component})
endfunction()
fovea_document(fovea tools)
fovea_document(libfovea-dev library)
if(TARGET fovea_mpi)
  fovea_document(fovea-mpi mpi "# It calls MPI and nothing else."
                 "fovea-mpi: library-not-linked-against-libc [usr/lib/*/fovea/libfovea-mpi.so]")
endif()
fovea_compress(${FOVEA_PACKAGING}/changelog ${CMAKE_BINARY_DIR}/changelog.Debian.gz)
include(CPack)

get_property(FOVEA_COMPRESSED GLOBAL PROPERTY FOVEA_COMPRESSED)
add_custom_target(fovea_compressed ALL DEPENDS ${FOVEA_COMPRESSED})
