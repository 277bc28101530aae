/** One line on every concept that the window shows, for the people who meet it there first. */

/** A word that has an explanation. */
export type Term = keyof typeof GLOSSARY;

/** Term -> what it means, in one sentence. */
export const GLOSSARY = {
  mos: 'Mean opinion score: the average of the ratings that people gave this image, in the units of the dataset.',
  std: 'Standard deviation of the individual ratings: how much people disagreed about this image.',
  scale: 'The declared range of the scores, and which end means better quality.',
  group:
    'Images that share their content (same reference picture or prompt). A fair test keeps a group on one side.',
  distortion: 'How the image was damaged; the level says how strongly (5 is worst).',
  level: 'How strongly an image was damaged: 1 is barely visible, 5 is worst.',
  ladder:
    'The same pristine picture damaged more and more: one distortion, rising levels. A model that sees the damage scores every step worse.',
  ladderSeed: 'Where all chance begins: the same seed and the same pictures give the same bytes.',
  srocc:
    'Spearman rank correlation: does the model order the images by quality as people do? 1 is perfect, 0 is chance.',
  plcc: 'Pearson correlation of raw predictions with the scores: do they lie on a straight line? 1 is perfect.',
  krocc:
    'Kendall rank correlation (tau-b): share of image pairs put in the right order minus share in the wrong one.',
  rmse: 'Root mean squared error of the predictions, in the units of the dataset. Lower is better.',
  ci: 'Percentile bootstrap over images (over groups where there are any): where the value would fall 95 % of the time.',
  meanstd: 'Mean and standard deviation of the metric over the folds.',
  run: 'One trained model with its predictions, metrics and training curves: what an experiment leaves behind.',
  experiment:
    'What to train on, with which features, and how to test it fairly; every variant that it holds becomes a run.',
  fold: 'One of the equal parts that take turns as the test set; each image is predicted by a model that never saw it.',
  cv: 'Cross-validation: train on all folds but one, predict that one, and repeat until every image has a prediction.',
  unit: 'What is kept together in a fold: single images, or whole groups of the same content.',
  cosine:
    'The cosine of the angle between two feature vectors: 1 points the same way, 0 has nothing in common. Every image is compared (exact search).',
  leakage:
    'Versions of the same content were on both sides of a fold, so the model may have remembered content instead of judging quality.',
  nearDuplicates:
    'Images that look alike to a perceptual hash, one of them trained on and the other tested: found across files, groups and formats.',
  overlap: 'The same file is in the dataset that is trained on and in the one that is tested.',
  predictionStd:
    'Standard deviation over the models of the folds that scored this picture: how much they disagree.',
  difference:
    'B minus A on the common scale (0 bad end, 1 good end of the label’s scale): below zero, B is worse.',
  differenceCi:
    'Percentile bootstrap over the pairs: where the value would fall 95 % of the time. Clear of chance where it does not hold 0.',
  wilcoxon:
    'Wilcoxon signed-rank test: how often chance alone would shift the pairs as much to one side. Small values speak for a real change.',
  residual: 'Prediction minus MOS: positive where the model is too kind, negative where it is too harsh.',
  nss: 'Natural scene statistics: 138 numbers that are regular in natural pictures and shift when a picture is damaged.',
  z: 'Z-score: how many standard deviations this value lies above or below the average of the dataset.',
  stream:
    'A kind of feature computed once per image (for example the 138 NSS numbers) and reused by every experiment.',
  encoder:
    'A frozen neural network that turns a crop of a picture into a list of numbers, its embedding. Each encoder makes one stream.',
  fivecrop:
    'Five squares of 85 % of the short side, centre and corners: each is embedded, and mean and spread of the five are the feature.',
  precision:
    'How exactly the numbers of the model are stored: float16 takes half the room of float32 and is a little coarser.',
  dimension: 'How many numbers an embedding has.',
  probe:
    "Runs the model on every device of this machine, compares the embeddings with the CPU's, and chooses the best that agrees.",
  occlusion:
    'A part of the picture is covered, then the next, and each time the model predicts again: where the prediction changes is what it hangs on.',
  gate: 'A learned weight between 0 and 2 that the model gives a stream for one image; 1 is neutral.',
  preset:
    '"studio" trains on standardised scores; "paper" follows the paper to the letter and trains on raw scores.',
  population:
    'The images with a score and all needed features; the hash names exactly this set in this order.',
  loss: 'What training minimises: squared error + half of (1 − PLCC) + half of the ranking loss.',
  lr: 'Learning rate: the size of a training step; falls to zero along a cosine.',
  synthetic:
    'Made by the studio: generated pictures with computed, not human, scores. Good for a tour, not for claims.',
  perDistortion: 'SROCC within each distortion type alone, lowest first: where the model is weak.',
  perLevel: 'SROCC within each damage level alone. Low levels are hard: the differences are barely visible.',
  template: 'A table or figure of the paper as an experiment that is filled in with what your datasets have.',
  protocol: 'What is trained on, and what is tested.',
  crossDataset:
    'Train on all of one dataset, test on all of another that the model has never seen. Scores are mapped between the declared scales.',
  finetune:
    'Train on all of one dataset first, then go on with a smaller learning rate on the training folds of the one that is tested.',
  splits: 'Random splits: 80 % of the images train, 20 % test, drawn anew for every repeat.',
  official: 'The split that the dataset was published with; images on no side are left out.',
  fraction:
    'The folds of cross-validation, each trained on a part of its training side only: how many ratings are needed?',
  foldSeed:
    'Decides which image falls into which fold; every run of an experiment has the same folds. Weights have a seed of their own.',
  repeats: 'How many times a random split is drawn and trained.',
  finetuneEpochs: 'Passes over the training folds of the tested dataset, after the pretraining.',
  ensemble:
    'Several models that differ in their seed alone; the prediction is their mean, their spread the uncertainty.',
  memberSeeds:
    'One member of the ensemble per seed. The seed decides initial weights, shuffling and dropout.',
  mcDropout:
    'Predict so many times with dropout left on, and take mean and spread (Monte Carlo dropout). 0: once, without dropout.',
  pca: 'Every stream but NSS is projected on so many principal components of its training images, at most, and whitened.',
  hidden: 'Widths of the hidden layers of the head, from its input to its output.',
  dropout:
    'Share of the hidden units that are switched off at random in each training step, against overfitting.',
  fusion:
    'How the streams of an image are joined into one prediction: gates, projection, and the head on top.',
  gateFrom:
    'Static fusion joins the streams as they are. With gates, each stream is weighted per image, computed from the stream chosen here.',
  ablation:
    'The same experiment with one thing changed per row; all rows are run on the same images and folds.',
  epochs: 'Passes over the training images.',
  batch: 'Images per training step.',
  weightDecay: 'Pulls the weights towards zero a little in every step, against overfitting.',
  clip: 'Longest gradient that a step may follow; longer ones are shortened to it.',
  seed: 'Decides initial weights, shuffling and dropout. The same seed gives the same run again.',
  targets:
    'Train on the scores as they are, or shifted and scaled to mean 0 and deviation 1 over the training images.',
  parameters: 'Trainable numbers of gates and head; the encoders are frozen and not counted.',
  paired:
    'Both runs are drawn on the same 10,000 resamples of the images (of the groups where there are any): the 95 % interval of run minus baseline. It is clear of chance where it does not hold 0.',
  baseline: 'The run that all others are compared with: differences are run minus baseline.',
  below:
    'Share of the resamples in which the run is worse than the baseline: near 0 it is better for sure, near 100 % worse.',
  logistic:
    'PLCC after a 4-parameter logistic curve was fitted from predictions to scores, as VQEG does. The paper reports the raw PLCC; this one is a column of its own.',
  nssDelta:
    'SROCC of the run with a stream (NSS) minus SROCC of the run without it, within each distortion type: where the stream helps.',
  gateDelta:
    'Does the model open the gate of a stream where the stream helps? Mean gate per distortion type beside the delta of that type.',
  rho: 'Spearman rank correlation over the distortion types, and its two-sided p-value: how often chance alone would give as much.',
  gateInput:
    'The stream that the gates are computed from. The inputs are compared by SROCC and by how well the gates follow the delta.',
  category:
    'The family of a distortion type in KADID-10k: blur, colour, compression, noise, brightness, spatial, sharpness.',
  crossMatrix:
    'Rows are models, columns the datasets that they were tested on; empty cells have no run yet. Training and test data that differ show what carries over.',
  published:
    'Figures as printed in a paper, cited. They were not measured here, and never enter a computation.',
  uncertainty:
    "The model's own standard deviation for an image (over dropout passes and ensemble members). It is useful if large errors happen where it is large.",
  raterSpread: 'Standard deviation of the ratings of an image: where people disagree, no model can be exact.',
  duplicate: 'Rows of the label file that name the same image with the same score; they are counted once.',
  missing: 'Images that the label file lists but the folder does not hold.',
  unreadable: 'Files that are there but that no decoder could read; the reason is listed.',
} as const;
