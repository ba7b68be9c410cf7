# shellcheck shell=bash
# What the readers of the man pages have, in small: the files that the examples name, drawn by the tools or written by
# hand. For scripts that begin with expect.sh and mat5.sh: $root, $build and their functions are used here.
: "${root:?}" "${build:?}"
bn=$build/bn-train propose=$build/rcnn-propose detect=$build/rcnn-detect
caption=$build/caption-attend pose=$build/pose-estimate advgen=$build/advgen-train

# prepare TOOL: makes the files that the page of TOOL takes for granted. What they are made from goes to the folder
# `made` and is gone afterwards: an example must not find a file that no reader has.
prepare() {
  mkdir made
  case $1 in
    bn-train) prepare_bn_train ;;
    rcnn-propose) prepare_rcnn_propose ;;
    rcnn-detect) prepare_rcnn_detect ;;
    caption-attend) prepare_caption_attend ;;
    pose-estimate) prepare_pose_estimate ;;
    advgen-train) prepare_advgen_train ;;
    *) check "stand-ins are known for the page of $1" false ;;
  esac
  rm -rf made mat.* out err
}

# --- for several pages
# A network with the layers that the pages name, for pictures of 32x32.
write_net() { # FILE
  cat >"$1" <<'NET'
fovea-net 1
input name=data height=32 width=32 channels=3 mean=128 std=32
conv name=conv1 out=8 kernel=3 pad=same
relu name=relu1
max_pool name=pool1 kernel=4 stride=4
conv name=fire9/expand1x1 in=pool1 out=4 kernel=1
conv name=fire9/expand3x3 in=pool1 out=4 kernel=3 pad=same
concat name=fire9/concat in=fire9/expand1x1,fire9/expand3x3
relu name=relu9
max_pool name=pool5 kernel=2 stride=2
dense name=fc7 out=32
relu name=relu7
dense name=fc8 out=8
NET
}
# A classifier of coloured shapes with this network.
make_backbone() { # FILE
  write_net made/shapes.net
  expect 0 "$bn" convert --from scenes --kind shapes --count 20 -o made/one-shape.h5
  expect 0 "$bn" train --data made/one-shape.h5 --net made/shapes.net --batch 8 --steps 4 -o "$1"
}
# Pictures with several coloured shapes, as a set and as VOC has them.
make_shapes() { # SET FOLDER OPTION...
  expect 0 "$bn" convert --from scenes --kind shapes --count 16 --side 64 --max-objects 3 --test-fraction 0.5 "${@:3}" \
    -o "$1"
  mkdir -p "$2"
  expect 0 "$detect" convert --to voc "$1" -o "$2"
}
# The first pictures of a folder under other names. Tools look at the content, which is PNG, not at the suffix.
take_photos() { # FOLDER NAME...
  local -a pictures
  local at
  mapfile -t pictures < <(find "$1" -name '*.png' | sort)
  for ((at = 2; at <= $#; ++at)); do cp "${pictures[at - 2]}" "${!at}"; done
}

# --- bn-train
# Files of MNIST whose pictures have the bytes of written numbers.
write_mnist() { # IMAGES LABELS COUNT
  local at
  { mat_bytes 0 0 8 3 0 0 0 "$3" 0 0 0 28 0 0 0 28 && seq 100000 | head -c $(($3 * 784)); } >"$1"
  { mat_bytes 0 0 8 1 0 0 0 "$3" && for ((at = 0; at < $3; ++at)); do mat_bytes $((at % 10)); done; } >"$2"
}
# Weights for the thousand classes of ImageNet, and their names.
make_squeezenet() { # WEIGHTS NAMES IMAGES LABELS
  seq 1000 | sed 's/.*/n0000000& class &/' >"$2"
  expect 0 "$bn" convert --from mnist "$3" "$4" --split train --names "$2" -o made/thousand.h5
  expect 0 "$bn" train --data made/thousand.h5 --net squeezenet-v1.0 --batch 1 --steps 1 -o made/thousand.ckpt.h5
  expect 0 "$bn" convert --from checkpoint made/thousand.ckpt.h5 -o "$1"
}
prepare_bn_train() {
  local class model part
  mkdir -p pictures/cat pictures/frog mnist maps
  make_shapes made/shapes.h5 made/voc
  take_photos made/voc/JPEGImages frog.jpg cat.jpg
  for class in cat frog; do take_photos made/voc/JPEGImages pictures/$class/{1,2,3,4,5}.png; done
  expect 0 "$bn" convert --from folder pictures -o made/two-classes.h5
  write_net made/two.net
  for model in a b; do
    expect 0 "$bn" train --data made/two-classes.h5 --net made/two.net --batch 4 --steps 2 -o $model.ckpt.h5
  done
  for part in train t10k; do write_mnist mnist/$part-images-idx3-ubyte mnist/$part-labels-idx1-ubyte 20; done
  expect 0 "$bn" convert --from mnist mnist -o mnist.h5
  expect 0 "$bn" convert --from scenes --kind shapes --count 80 -o cifar.h5
  make_squeezenet squeezenet.npz synset_words.txt mnist/t10k-images-idx3-ubyte mnist/t10k-labels-idx1-ubyte
}

# --- rcnn-propose
# Two boxes in each picture of SET's test split, as they were published for R-CNN.
write_boxes() { # SET FILE
  local id
  local -a ids
  mapfile -t ids < <("$detect" convert --to tsv "$1" --set test -o - | grep -v '^#' | cut -f1 | sort -u)
  {
    for id in "${ids[@]}"; do mat_numbers '' 2 4 2 5 1 5 40 50 30 50; done | mat_array 1 boxes "${#ids[@]}" 1
    for id in "${ids[@]}"; do mat_text "$id"; done | mat_array 1 images "${#ids[@]}" 1
  } | mat_file >"$2"
}
prepare_rcnn_propose() {
  mkdir pictures
  make_shapes set.h5 made/voc
  cp set.h5 voc.h5
  take_photos made/voc/JPEGImages photo.jpg pictures/{one,two}.jpg
  write_boxes voc.h5 voc_2007_test.mat
  make_backbone net.ckpt.h5
}

# --- rcnn-detect
prepare_rcnn_detect() {
  mkdir -p SegmentationClass VOCdevkit labels results
  make_shapes made/shapes.h5 my-objects --label-maps SegmentationClass
  cp -r my-objects VOCdevkit/VOC2007
  take_photos my-objects/JPEGImages photo.jpg
  make_backbone net.ckpt.h5
  # Proposals and features belong to the set that the first example makes.
  expect 0 "$detect" convert --from voc my-objects -o made/set.h5
  expect 0 "$propose" run --images made/set.h5 --min-side 8 --top 20 -o boxes.h5
  expect 0 "$propose" run --images made/set.h5 --min-side 8 --top 20 --masks -o masks.h5
  expect 0 "$detect" features --model net.ckpt.h5 --images made/set.h5 --split test --proposals boxes.h5 --padding 2 \
    -o test.h5
}

# --- caption-attend
# Flickr8k's files: captions of generated scenes, one of whose test pictures has the name that the page asks for.
write_flickr8k() { # FOLDER PICTURES NAME
  local first
  mkdir "$1"
  expect 0 "$caption" convert --from scenes --count 168 --side 32 --test-fraction 0.25 --val-fraction 0.25 \
    -o made/scenes.h5
  expect 0 "$caption" convert --to flickr8k made/scenes.h5 -o "$1"
  mv "$1/Images" "$2"
  first=$(head -n 1 "$1"/*testImages.txt)
  mv "$2/$first" "$2/$3"
  sed -i "s/$first/$3/" "$1"/*.txt
}
# COCO as Karpathy divides it, with pictures in a folder for each year.
write_karpathy() { # FILE PICTURES
  mkdir -p "$2/train2014" "$2/val2014"
  take_photos Images "$2"/{train2014/a,val2014/b}.jpg
  cat >"$1" <<'JSON'
{"dataset":"coco","images":[
 {"filepath":"train2014","filename":"a.jpg","imgid":0,"split":"train","cocoid":5,"sentences":[
  {"raw":"A dog, here.","tokens":["a","dog","here"],"imgid":0,"sentid":0}]},
 {"filepath":"val2014","filename":"b.jpg","imgid":1,"split":"test","cocoid":7,"sentences":[
  {"raw":"A cat.","tokens":["a","cat"],"imgid":1,"sentid":1}]}]}
JSON
}
prepare_caption_attend() {
  local attention
  write_flickr8k Flickr8k_text Images 1000268201_693b08cb0e.jpg
  write_karpathy dataset_coco.json coco
  take_photos Images dog.jpg
  make_backbone net.ckpt.h5
  cp net.ckpt.h5 vgg.ckpt.h5
  make_shapes set.h5 made/voc
  expect 0 "$caption" convert --from flickr8k Flickr8k_text --pictures Images -o made/flickr.h5
  expect 0 "$caption" convert --to coco made/flickr.h5 -o captions_val2014.json
  expect 0 "$caption" features --model vgg.ckpt.h5 --images made/flickr.h5 -o feats.h5
  for attention in none soft; do
    expect 0 "$caption" train --features feats.h5 --data made/flickr.h5 --attention $attention --hidden 8 \
      --embedding 6 --units 5 --steps 4 --no-save-best -o $attention.ckpt.h5
  done
  expect 0 "$caption" predict --model soft.ckpt.h5 --features feats.h5 --max-words 6 -o other.h5
}

# --- pose-estimate
# An array of three extents, which mat_array doesn't know: bytes from stdin.
mat_block() { # NAME ROWS COLUMNS DEPTH
  mat_element 2 >mat.values
  {
    { mat_int 6 && mat_int 0; } | mat_element 6
    { mat_int "$2" && mat_int "$3" && mat_int "$4"; } | mat_element 5
    printf '%s' "$1" | mat_element 1
    cat mat.values
  } >mat.block
  mat_element 14 <mat.block
}
# LSP has x, y and "occluded" for each of the 14 joints of a person, LSP-extended columns of x, y and "annotated". Here
# all joints of a person lie on a slope.
write_lsp() { # FILE PEOPLE
  local i person
  for ((person = 0; person < $2; ++person)); do
    for i in {1..14}; do mat_bytes $((4 * i)) $((3 * i + person)) 0; done
  done | mat_block joints 3 14 "$2" | mat_file >"$1"
}
write_lspet() { # FILE PEOPLE
  local i person
  for ((person = 0; person < $2; ++person)); do
    for i in {1..14}; do mat_bytes $((4 * i)); done
    for i in {1..14}; do mat_bytes $((3 * i + person)); done
    for i in {1..14}; do mat_bytes 1; done
  done | mat_block joints 14 3 "$2" | mat_file >"$1"
}
# A detector of people, which learns from the pictures that come to FOLDER.
make_people_detector() { # FILE FOLDER
  make_backbone made/net.ckpt.h5
  expect 0 "$pose" convert --from stick-figures --height 64 --width 96 --count 8 --pictures made/crowd.h5 \
    -o made/people.h5
  mkdir "$2"
  expect 0 "$detect" convert --to voc made/crowd.h5 -o "$2"
  expect 0 "$propose" run --images made/crowd.h5 --top 20 -o made/boxes.h5
  expect 0 "$detect" features --model made/net.ckpt.h5 --images made/crowd.h5 --proposals made/boxes.h5 --padding 2 \
    --truth -o made/features.h5
  expect 0 "$detect" train --features made/features.h5 --images made/crowd.h5 --model made/net.ckpt.h5 -o "$1"
}
prepare_pose_estimate() {
  mkdir -p lsp_dataset/images lspet_dataset/images
  make_people_detector people.ckpt.h5 made/voc
  take_photos made/voc/JPEGImages photo.jpg lsp_dataset/images/im000{1,2,3,4}.jpg
  take_photos made/voc/JPEGImages lspet_dataset/images/im0000{1,2}.jpg
  write_lsp lsp_dataset/joints.mat 4
  write_lspet lspet_dataset/joints.mat 2
}

# --- advgen-train
# Records of CIFAR-10: each class is a faint line in another place, which a small perturbation hides.
write_cifar() { # FILE TIMES
  local class time
  for ((class = 0; class < 10; ++class)); do
    mat_bytes $class
    head -c $((307 * class)) /dev/zero | tr '\0' '\200'
    head -c 307 /dev/zero | tr '\0' '\206'
    head -c $((307 * (9 - class) + 2)) /dev/zero | tr '\0' '\200'
  done >made/ten-records
  for ((time = 0; time < $2; ++time)); do cat made/ten-records; done >"$1"
}
# Classifiers of METHOD.ckpt.h5, of two seeds the second, and what eval says of each in METHOD_SEED.jsonl.
make_results() { # METHOD NET
  local seed
  for seed in 1 2; do
    expect 0 "$advgen" train --method "$1" --data cifar10.h5 --net "$2" --gen-net g16 --seed $seed --batch 16 \
      --steps 30 -o "made/$1.ckpt.h5"
    expect 0 "$advgen" eval "made/$1.ckpt.h5" --data cifar10.h5 --attacks fgsm,pgd --steps 2 --no-checks --gap \
      --curve 0,4/255 --format jsonl
    cp out "$1_$seed.jsonl"
  done
}
prepare_advgen_train() {
  local method model
  write_cifar made/data_batch_1.bin 4
  write_cifar made/test_batch.bin 1
  expect 0 "$bn" convert --from cifar10 made/data_batch_1.bin made/test_batch.bin -o cifar10.h5
  cp cifar10.h5 set.h5
  expect 0 "$bn" convert --from scenes --kind digits --count 100 -o mnist.h5
  # A single layer: it learns the lines at once.
  write_net made/lines.net
  sed -i '/name=conv1/,/name=relu7/d' made/lines.net
  for method in plain dropout gat; do make_results $method made/lines.net; done
  for model in plain run; do cp made/plain.ckpt.h5 $model.ckpt.h5; done
  cp plain_1.jsonl plain.jsonl
  cp gat_1.jsonl pgd.jsonl
}
