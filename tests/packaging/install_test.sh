#!/usr/bin/env bash
# What `cmake --install` leaves in a prefix works from there: a program by pkg-config and one by CMake's find_package, network
# texts, man pages and completions. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"

expect 0 cmake --install "$build" --prefix "$dir/first"
mv first prefix # it can be moved
bin=prefix/bin
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$dir/prefix" -name fovea.pc)")

# --- a program on the library
expect 0 "$bin/bn-train" convert --from scenes --kind digits --count 120 -o set.h5
expect 0 "$bin/bn-train" train --data set.h5 --net mnist-mlp-bn --steps 3 -o net.ckpt.h5
photo=$root/share/demo/digit-3.png
expect 0 "$bin/bn-train" predict --model net.ckpt.h5 --top 3 --format tsv "$photo"
awk -F'\t' '!/^#/ { printf "%.3f %s\n", $5, $3 }' out >expected
read -ra flags <<<"$(pkg-config --cflags --libs fovea)"
sanitizers=$(sed -n 's/^FOVEA_SANITIZE:STRING=//p' "$build/CMakeCache.txt")
[[ -z $sanitizers ]] || flags+=("-fsanitize=$sanitizers")
expect 0 g++ -std=c++20 -O0 "$root/share/demo/classify.cc" "${flags[@]}" -o classify
expect 0 ./classify net.ckpt.h5 "$photo"
check "the program sees what the tool sees" cmp -s out expected
expect 66 ./classify none.ckpt.h5 "$photo"

# --- the same by CMake
mkdir project
cp "$root/share/demo/classify.cc" project/
cat >project/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(example LANGUAGES CXX)
find_package(fovea 0.1 REQUIRED)
add_executable(classify classify.cc)
target_link_libraries(classify PRIVATE fovea::fovea)
CMAKE
unset PKG_CONFIG_PATH
expect 0 cmake -S project -B project/build -G Ninja -DCMAKE_PREFIX_PATH="$dir/prefix" -DCMAKE_CXX_FLAGS="${sanitizers:+-fsanitize=$sanitizers}"
expect 0 cmake --build project/build
expect 0 project/build/classify net.ckpt.h5 "$photo"
check "and so does this one" cmp -s out expected

# --- what lies beside the programs
for tool in "$root"/apps/*.cc; do
  tool=$(basename "$tool" .cc)
  check "$tool: program" test -x "$bin/$tool"
  check "$tool: man page" gzip -tq "prefix/share/man/man1/$tool.1.gz"
  check "$tool: bash" test -s "prefix/share/bash-completion/completions/$tool"
  check "$tool: zsh" test -s "prefix/share/zsh/vendor-completions/_$tool"
  check "$tool: fish" test -s "prefix/share/fish/vendor_completions.d/$tool.fish"
done
if [[ -e $build/libfovea-mpi.so ]] && command -v mpirun >/dev/null; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  expect 0 mpirun --oversubscribe -n 2 "$bin/bn-train" train --data set.h5 --net mnist-mlp-bn --batch 20 --steps 2 -o two.ckpt.h5
fi
check "network texts" test -s prefix/share/fovea/models/squeezenet-v1.0.net
expect 0 make -n -C prefix/share/fovea/demo OUT="$dir/demo" TOOLS="$dir/$bin"

exit $((failures > 0))
