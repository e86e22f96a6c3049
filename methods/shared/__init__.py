"""What the generative methods share: a latent diffusion model of a task's training patients."""
