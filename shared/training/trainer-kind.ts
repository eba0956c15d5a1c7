/** The names of the trainers. */

export const trainerKinds = ['gbdt', 'forest', 'network'] as const;
export type TrainerKind = (typeof trainerKinds)[number];
